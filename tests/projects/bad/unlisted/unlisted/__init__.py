from unlisted.helper import answer
