"""LumeDesk: a desktop treasury workstation for Lumetrade."""

__version__ = "0.1.0"
