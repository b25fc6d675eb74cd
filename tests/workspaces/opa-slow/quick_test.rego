package quick_test

test_quick if true
