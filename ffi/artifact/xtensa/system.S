/* A system call for a program of Xtensa's windowed calls, whose arguments lie where Linux wants them.
   GNU's assembler for the LX106 does not know the windowed instructions, so they are bytes. */
    .text
    .align 4
    .global call
    .type call, @function
call:
    .byte 0x36, 0x41, 0x00 /* entry a1, 32 */
    syscall
    .byte 0x90, 0x00, 0x00 /* retw */
    .section .note.GNU-stack, "", @progbits
