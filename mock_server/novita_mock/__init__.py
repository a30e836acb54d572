"""A local double of the Novita AI asynchronous image API."""

__version__ = "0.4.0"
