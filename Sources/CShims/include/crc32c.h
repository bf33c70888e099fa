#ifndef RELAUNCH_CSHIMS_CRC32C_H
#define RELAUNCH_CSHIMS_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `count` bytes, going on from `crc`: 0 at first, then the value returned for the
/// bytes before. Uses the SSE4.2 instruction where the processor has it, which Swift cannot name.
uint32_t relaunch_crc32c(uint32_t crc, const void *bytes, size_t count);

/// The same by table: what processors without the instruction run. Here so that a test can compare the two.
uint32_t relaunch_crc32c_by_table(uint32_t crc, const void *bytes, size_t count);

#endif
