"""Extensions and wheels of one platform and one Python ABI."""
