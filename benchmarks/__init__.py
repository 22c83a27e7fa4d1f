"""What a scan costs: `python -m benchmarks` measures the scanner against real servers in a network namespace."""
