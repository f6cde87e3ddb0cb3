"""Single-file programs that use only the standard library. Their content is part of the keys of compiles and links.

They run before any package is installed. A change to another tool does not affect the keys of their actions. Only
`sdist.py` imports packages, from the folder that it is given.
"""
