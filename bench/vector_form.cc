#include "bench/vector_form.h"

#include <initializer_list>
#include <tuple>

namespace {

auto key(const Form &f) {
  return std::tie(f.evex, f.map, f.opcode, f.wide, f.prefix, f.length, f.rounds, f.zeroes, f.masked, f.group,
                  f.number);
}

bool among(unsigned opcode, std::initializer_list<unsigned> list) {
  for (unsigned x : list)
    if (x == opcode)
      return true;
  return false;
}

bool between(unsigned opcode, unsigned first, unsigned last) {
  return opcode >= first && opcode <= last;
}

// Moves between registers and memory.
bool is_move(const Form &f, bool memory) {
  const unsigned o = f.opcode;
  if (f.map == 1)
    return among(o, {0x10, 0x11, 0x12, 0x13, 0x16, 0x17, 0x28, 0x29, 0x2b, 0x6e, 0x6f, 0x77, 0x7e, 0x7f, 0x90,
                     0x91, 0xd6, 0xe7, 0xf0});
  if (f.map != 2)
    return false;
  if (between(o, 0x90, 0x93) || between(o, 0xa0, 0xa3)) // gathers and scatters
    return true;
  if (!f.evex && (between(o, 0x2c, 0x2f) || o == 0x8c || o == 0x8e)) // masked loads and stores
    return true;
  // Broadcasts from memory are loads.
  return memory && (between(o, 0x18, 0x1b) || between(o, 0x58, 0x5b));
}

// Of general registers: andn, bextr, shlx, mulx, pdep ...
bool is_general(const Form &f) {
  return !f.evex && ((f.map == 2 && between(f.opcode, 0xf2, 0xf7)) || (f.map == 3 && f.opcode == 0xf0));
}

bool has_number(const Form &f) {
  return f.map == 3 ||
         (f.map == 1 && (between(f.opcode, 0x70, 0x73) || among(f.opcode, {0xc2, 0xc4, 0xc5, 0xc6})));
}

// What the three fields of an instruction name: modrm.reg, vvvv, modrm.rm.
enum class Role { kWritten, kRead, kMaskWritten, kMaskRead, kGeneral };

struct Roles {
  Role reg = Role::kWritten, rm = Role::kRead;
  bool group = false; // reg is part of the opcode, and vvvv is written
};

bool is_mask_arithmetic(const Form &f) {
  return !f.evex && ((f.map == 1 && (between(f.opcode, 0x41, 0x4b) || among(f.opcode, {0x98, 0x99}))) ||
                     (f.map == 3 && between(f.opcode, 0x30, 0x33)));
}

Roles roles_of_map_1(const Form &f) {
  const unsigned o = f.opcode;
  if (between(o, 0x71, 0x73))
    return {Role::kRead, Role::kRead, true};
  if (!f.evex && o == 0x92)
    return {Role::kMaskWritten, Role::kGeneral};
  if (!f.evex && o == 0x93)
    return {Role::kGeneral, Role::kMaskRead};
  if (f.evex && among(o, {0xc2, 0x64, 0x65, 0x66, 0x74, 0x75, 0x76}))
    return {Role::kMaskWritten, Role::kRead};
  if (among(o, {0x2e, 0x2f}))
    return {Role::kRead, Role::kRead};
  if (among(o, {0x50, 0xd7, 0x2c, 0x2d, 0xc5}) || (f.evex && among(o, {0x78, 0x79}) && f.prefix >= 2))
    return {Role::kGeneral, Role::kRead};
  if (among(o, {0x2a, 0xc4}) || (f.evex && o == 0x7b && f.prefix >= 2))
    return {Role::kWritten, Role::kGeneral};
  return {};
}

Roles roles_of_map_2(const Form &f) {
  const unsigned o = f.opcode;
  if (!f.evex)
    return among(o, {0x0e, 0x0f, 0x17}) ? Roles{Role::kRead, Role::kRead} : Roles{};
  const bool moves_masks = f.prefix == 2; // F3
  if (moves_masks && among(o, {0x28, 0x38}))
    return {Role::kWritten, Role::kMaskRead};
  if (among(o, {0x26, 0x27}) || (among(o, {0x29, 0x39}) && moves_masks) ||
      (among(o, {0x29, 0x37}) && f.prefix == 1))
    return {Role::kMaskWritten, Role::kRead};
  const bool narrows = between(o, 0x10, 0x15) || between(o, 0x20, 0x25) || between(o, 0x30, 0x35);
  if ((narrows && moves_masks) || among(o, {0x8a, 0x8b, 0x63}))
    return {Role::kRead, Role::kWritten};
  return between(o, 0x7a, 0x7c) ? Roles{Role::kWritten, Role::kGeneral} : Roles{};
}

Roles roles_of(const Form &f) {
  const unsigned o = f.opcode;
  if (is_mask_arithmetic(f))
    return {among(o, {0x98, 0x99}) && f.map == 1 ? Role::kMaskRead : Role::kMaskWritten, Role::kMaskRead};
  if (f.map == 1)
    return roles_of_map_1(f);
  if (f.map == 2)
    return roles_of_map_2(f);
  if (between(o, 0x14, 0x17))
    return {Role::kRead, Role::kGeneral};
  if (among(o, {0x19, 0x39, 0x1b, 0x3b, 0x1d}))
    return {Role::kRead, Role::kWritten};
  if (among(o, {0x20, 0x22}))
    return {Role::kWritten, Role::kGeneral};
  if (f.evex && among(o, {0x1e, 0x1f, 0x3e, 0x3f, 0x66, 0x67}))
    return {Role::kMaskWritten, Role::kRead};
  return {};
}

unsigned number_of(const Form &f, Role role, unsigned to, unsigned read) {
  if (role == Role::kWritten)
    return 2 + to % (f.evex ? 28 : 14);
  if (role == Role::kMaskWritten)
    return 2 + to % 6;
  return role == Role::kGeneral ? 0 : read;
}

} // namespace

bool Form::operator<(const Form &other) const {
  return key(*this) < key(other);
}

bool vector_form(const uint8_t *bytes, Form *form) {
  Form f;
  const uint8_t *at;
  unsigned second = 0, third = 0; // the registers read
  if (bytes[0] == 0xc5) {
    f.map = 1, at = bytes + 2;
    second = ~bytes[1] >> 3 & 15, f.length = bytes[1] >> 2 & 1, f.prefix = bytes[1] & 3;
  } else if (bytes[0] == 0xc4) {
    f.map = bytes[1] & 31, at = bytes + 3;
    f.wide = bytes[2] >> 7, second = ~bytes[2] >> 3 & 15, f.length = bytes[2] >> 2 & 1,
    f.prefix = bytes[2] & 3;
    third = (~bytes[1] >> 5 & 1) << 3;
  } else if (bytes[0] == 0x62) {
    f.evex = true, f.map = bytes[1] & 7, at = bytes + 4;
    f.wide = bytes[2] >> 7, second = ~bytes[2] >> 3 & 15, f.prefix = bytes[2] & 3;
    second |= (~bytes[3] >> 3 & 1) << 4, third = (~bytes[1] >> 5 & 1) << 3 | (~bytes[1] >> 6 & 1) << 4;
    f.zeroes = bytes[3] >> 7, f.length = bytes[3] >> 5 & 3, f.masked = (bytes[3] & 7) != 0;
  } else {
    return false;
  }
  f.opcode = at[0];
  const unsigned modrm = at[1], mode = modrm >> 6;
  third |= modrm & 7;
  if (f.map < 1 || f.map > 3 || is_move(f, mode != 3) || is_general(f))
    return false;
  if (mode == 3 && f.map == 1 && (f.opcode == 0x57 || f.opcode == 0xef) && second == third)
    return false;
  f.rounds = f.evex && mode == 3 ? bytes[3] >> 4 & 1 : 0;
  if (f.map == 1 && between(f.opcode, 0x71, 0x73))
    f.group = modrm >> 3 & 7;
  const uint8_t *end = at + 2;
  if (mode != 3) {
    const bool indexed = (modrm & 7) == 4;
    const bool far = mode == 2 || (mode == 0 && ((modrm & 7) == 5 || (indexed && (at[2] & 7) == 5)));
    end += indexed + (mode == 1 ? 1 : far ? 4 : 0);
  }
  if (has_number(f))
    f.number = *end;
  if (!f.evex && f.map == 3 && between(f.opcode, 0x4a, 0x4c)) // a register in the immediate
    f.number = 0;
  *form = f;
  return true;
}

void write_form(const Form &f, unsigned to, std::vector<uint8_t> *code) {
  const Roles roles = roles_of(f);
  const unsigned reg = roles.group ? f.group : number_of(f, roles.reg, to, 1);
  const unsigned rm = number_of(f, roles.rm, to, 1);
  const unsigned second = roles.group ? number_of(f, Role::kWritten, to, 0) : 0;
  const auto put = [code](unsigned byte) { code->push_back(uint8_t(byte)); };
  const unsigned not_reg = ~reg, not_rm = ~rm, not_second = ~second;
  if (f.evex) {
    put(0x62);
    put((not_reg >> 3 & 1) << 7 | (not_rm >> 4 & 1) << 6 | (not_rm >> 3 & 1) << 5 | (not_reg >> 4 & 1) << 4 |
        f.map);
    put(unsigned(f.wide) << 7 | (not_second & 15) << 3 | 4 | f.prefix);
    put(unsigned(f.zeroes) << 7 | unsigned(f.length) << 5 | unsigned(f.rounds) << 4 |
        (not_second >> 4 & 1) << 3 | (f.masked ? 1 : 0));
  } else {
    put(0xc4);
    put((not_reg >> 3 & 1) << 7 | 0x40 | (not_rm >> 3 & 1) << 5 | f.map);
    put(unsigned(f.wide) << 7 | (not_second & 15) << 3 | unsigned(f.length) << 2 | f.prefix);
  }
  put(f.opcode);
  put(0xc0 | (reg & 7) << 3 | (rm & 7));
  if (has_number(f))
    put(f.number);
}
