/* The base model, and the table of the board's tools, as files in flash. */
    .section .rodata.model, "a"
    .balign 64
    .global model_base
model_base:
    .incbin MODEL_BASE
    .global model_base_end
model_base_end:
    .balign 8
    .global model_table
model_table:
    .incbin MODEL_TABLE
    .global model_table_end
model_table_end:
    .section .note.GNU-stack, "", %progbits
