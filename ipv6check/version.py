"""The version of the program, as it stands in the User-Agent and in every run."""

__version__ = "0.1.0"
