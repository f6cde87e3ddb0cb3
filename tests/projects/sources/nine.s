    .text
    .globl nine
nine:
    movl $9, %eax
    ret
