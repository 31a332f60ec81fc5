// What a vector instruction does, whatever registers and memory it does it to; and the same instruction again
// with registers of one's own.
#ifndef QS_BENCH_VECTOR_FORM_H
#define QS_BENCH_VECTOR_FORM_H

#include <cstdint>
#include <vector>

// A VEX or EVEX instruction without its operands (Intel's manual, volume 2, chapter 2).
struct Form {
  bool evex = false;
  uint8_t map = 0, opcode = 0;
  uint8_t wide = 0;   // W
  uint8_t prefix = 0; // pp
  uint8_t length = 0; // L, L'L
  uint8_t rounds = 0; // EVEX: b of registers
  uint8_t zeroes = 0; // EVEX: z
  uint8_t masked = 0; // EVEX: under a mask
  uint8_t group = 0;  // which of a group of instructions that share an opcode
  uint8_t number = 0; // immediate
  bool operator<(const Form &other) const;
};

// True for an instruction that computes on vectors or masks, whose form is then written. No moves, loads,
// stores, gathers or zeroing by exclusive or: they issue on other ports, or nowhere. 16 bytes are read.
bool vector_form(const uint8_t *bytes, Form *form);

// Appends the instruction: it writes the register `to` (modulo those that it has: 2 to 15 with VEX, 2 to 29
// with EVEX, 2 to 7 of masks) and reads the registers 0 and 1, where it does not read `to` itself. The
// register eax may be written, too.
void write_form(const Form &form, unsigned to, std::vector<uint8_t> *code);

#endif
