"""The command `spokeshave repair`: graft libraries into a wheel and set its platform tag."""
