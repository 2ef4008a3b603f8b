"""`make feature`, `make remove` and `make upgrade`: tools for the tree. The product imports none of them."""
