"""The code of Python sources, without comments and docstrings."""

from __future__ import annotations

import io
import tokenize

_LAYOUT = (tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.COMMENT)


def code_of(source: bytes) -> str:
    """Return a source without comments and docstrings. One that does not tokenize is returned unchanged."""
    try:
        tokens = [t for t in tokenize.tokenize(io.BytesIO(source).readline) if t.type not in _LAYOUT]
    except (tokenize.TokenError, SyntaxError, ValueError):
        return source.decode("utf-8", "replace")
    ends = (tokenize.NEWLINE, tokenize.ENDMARKER)
    following = [*tokens[1:], None]
    kept = []
    before = tokenize.NEWLINE
    for token, after in zip(tokens, following):
        stands_alone = before in ends and (after is None or after.type in ends)
        if token.type != tokenize.STRING or not stands_alone:
            kept.append(token.string)
        before = token.type
    return " ".join(kept)
