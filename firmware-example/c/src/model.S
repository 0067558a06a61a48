/* The base model, and the table of the board's tools, as files in flash, with their sizes. */
    .section .rodata.model, "a"
    .balign 64
    .global model_base
model_base:
    .incbin MODEL_BASE
1:
    .balign 8
    .global model_table
model_table:
    .incbin MODEL_TABLE
2:
    .balign 4
    .global model_base_size
model_base_size:
    .word 1b - model_base
    .global model_table_size
model_table_size:
    .word 2b - model_table
    .section .note.GNU-stack, "", %progbits
