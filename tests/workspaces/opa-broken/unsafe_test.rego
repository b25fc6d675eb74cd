package unsafe_test

import data.unsafe

test_admin if unsafe.allow with input as {"admin": "root"}
