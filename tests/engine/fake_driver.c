/* Stands for libcuda.so.1: only its presence counts. */
int qs_fake_driver(void);

int qs_fake_driver(void) {
  return 0;
}
