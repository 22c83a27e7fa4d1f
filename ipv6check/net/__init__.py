"""The only door to the network: it hands out frozen facts of our own, and no library object leaves it."""
