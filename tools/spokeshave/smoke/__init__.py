"""The command `spokeshave smoke-test`: install wheels into fresh environments and test them there."""
