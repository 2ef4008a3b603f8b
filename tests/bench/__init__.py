"""The speed and the size of the product beside their targets: `make bench`."""
