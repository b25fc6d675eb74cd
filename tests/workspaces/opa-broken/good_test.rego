package good_test

import data.good

test_admin if good.allow with input as {"user": "admin"}
