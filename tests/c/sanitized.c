/* Links where a compiler has its sanitizers: that it is there does not mean so. */
int main(void) { return 0; }
