"""One verb per module; everything from outside comes in through a port."""
