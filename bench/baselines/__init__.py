"""The baselines that Spokeshave is compared with."""
