package main

test_no_images if count(deny_latest) == 0 with input as {"spec": {"containers": []}}

test_wrong if count(deny_latest) == 7 with input as {"spec": {"containers": []}}

todo_test_later if false
