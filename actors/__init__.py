"""The actors: the kernel they stand on, and one module for each of them."""
