#include "asm/answer.h"
.text
.globl SYMBOL(answer)
SYMBOL(answer):
#if defined(__x86_64__)
    movl $ANSWER, %eax
#elif defined(__aarch64__)
    mov w0, #ANSWER
#endif
    ret
