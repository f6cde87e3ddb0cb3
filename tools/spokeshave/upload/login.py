"""The credentials of an upload while it runs: fixed ones, or a token of trusted publishing that is renewed in time."""

from __future__ import annotations

import time
from collections.abc import Callable

from spokeshave.upload.endpoint import TOKEN_USER, Credentials, Endpoint, InvalidEndpointError, Scrubber
from spokeshave.upload.trusted_publishing import TrustedPublishingError, fetch_token

RENEWED_AFTER = 10 * 60
"""The age in seconds from which a token is renewed. An index accepts it for 15 minutes."""
_LIFETIME = 15 * 60


class Login:
    """The credentials for one endpoint.

    Args:
        scrub: Learns each new token.
        clock: The seconds since any moment.
    """

    def __init__(self, endpoint: Endpoint, scrub: Scrubber, clock: Callable[[], float] = time.monotonic) -> None:
        self._endpoint = endpoint
        self._scrub = scrub
        self._clock = clock
        self._token: Credentials | None = endpoint.credentials
        self._minted_at: float | None = None
        self._was_accepted = False
        self._has_asked = not endpoint.trusts_job

    def credentials(self) -> Credentials | None:
        """Return credentials to send now. None if there are none, and the index may need none.

        Raises:
            InvalidEndpointError: If there are none, and it is clear that the index needs them.
            TrustedPublishingError: If the index gives this job no token.
        """
        if self._endpoint.lack:
            raise InvalidEndpointError(self._endpoint.lack)
        if not self._has_asked:
            self._mint()
        elif self._minted_at is not None and self._clock() - self._minted_at >= RENEWED_AFTER:
            self._renew(self._minted_at)
        return self._token

    def accepted(self) -> None:
        """Note that the index accepted the credentials."""
        self._was_accepted = True

    def rejected(self) -> bool:
        """Note that the index rejected the credentials, and return whether others may be better.

        They may, if the index accepted the same token before: then it has expired. A new token that is rejected is not
        for what was tried with it.
        """
        if self._minted_at is None or not self._was_accepted:
            return False
        self._has_asked = False
        return True

    def _renew(self, minted_at: float) -> None:
        """Replace a token that gets old, or keep it as long as it lives."""
        try:
            self._mint()
        except TrustedPublishingError:
            # GitLab's jobs have one identity, for which an index gives one token.
            if self._clock() - minted_at >= _LIFETIME:
                raise

    def _mint(self) -> None:
        token = fetch_token(self._endpoint.url)
        self._has_asked = True
        if token is None:
            return
        self._token = Credentials(TOKEN_USER, token)
        self._scrub.learn(self._token)
        self._minted_at = self._clock()
        self._was_accepted = False
