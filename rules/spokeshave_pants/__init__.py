"""The Pants plugin of Spokeshave: native Python wheels from C and C++ sources."""
