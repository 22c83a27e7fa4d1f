"""The command against real servers: NSD, Knot, Unbound, nginx and a few stubs in a network namespace without uplink."""
