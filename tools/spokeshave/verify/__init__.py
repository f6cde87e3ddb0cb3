"""The command `spokeshave verify`: check that a wheel is valid for its platform tag."""
