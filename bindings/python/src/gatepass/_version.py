"""The release of this package, the same as the library's."""

__version__ = "0.1.0"
