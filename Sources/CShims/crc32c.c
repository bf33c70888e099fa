#include "crc32c.h"

#include <string.h>

static uint32_t table[256];

// Runs before main, so no reader can see a half-filled table.
__attribute__((constructor)) static void fill_table(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (crc & 1 ? 0x82F63B78u : 0);
    table[byte] = crc;
  }
}

uint32_t relaunch_crc32c_by_table(uint32_t crc, const void *bytes, size_t count) {
  const uint8_t *next = bytes;
  crc = ~crc;
  while (count--) crc = (crc >> 8) ^ table[(crc ^ *next++) & 0xFF];
  return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t crc32c_by_instruction(uint32_t crc, const void *bytes, size_t count) {
  const uint8_t *next = bytes;
  uint64_t state = ~crc;
  for (; count >= 8; count -= 8, next += 8) {
    uint64_t word;
    memcpy(&word, next, 8);
    state = __builtin_ia32_crc32di(state, word);
  }
  uint32_t rest = (uint32_t)state;
  while (count--) rest = __builtin_ia32_crc32qi(rest, *next++);
  return ~rest;
}

uint32_t relaunch_crc32c(uint32_t crc, const void *bytes, size_t count) {
  if (__builtin_cpu_supports("sse4.2")) return crc32c_by_instruction(crc, bytes, count);
  return relaunch_crc32c_by_table(crc, bytes, count);
}
#else
uint32_t relaunch_crc32c(uint32_t crc, const void *bytes, size_t count) { return relaunch_crc32c_by_table(crc, bytes, count); }
#endif
