#ifndef SCALE_H
#define SCALE_H
#ifdef __cplusplus
extern "C"
#endif
    long
    scale_by_two(long value);
#endif
