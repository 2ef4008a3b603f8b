"""How fast and how small the product is, beside the targets it was given: `make bench`."""
