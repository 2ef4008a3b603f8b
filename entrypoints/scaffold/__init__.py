"""`make feature` and `make remove`: a tool for the tree. The product imports none of it."""
