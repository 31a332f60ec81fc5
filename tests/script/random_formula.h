// Random formulas: a tree, its text, and its value by plain recursion over any number type.
#ifndef QS_TESTS_SCRIPT_RANDOM_FORMULA_H
#define QS_TESTS_SCRIPT_RANDOM_FORMULA_H

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/script/formula.h"

namespace script_test {

// A number and its derivative in one direction.
struct Dual {
  double v, d;
  Dual(double value = 0, double derivative = 0) : v(value), d(derivative) {}
};

inline Dual operator+(Dual a, Dual b) {
  return {a.v + b.v, a.d + b.d};
}
inline Dual operator-(Dual a, Dual b) {
  return {a.v - b.v, a.d - b.d};
}
inline Dual operator*(Dual a, Dual b) {
  return {a.v * b.v, a.d * b.v + a.v * b.d};
}
// Set by a division by 0, where nothing is to be compared.
inline bool &undefined() {
  static bool flag;
  return flag;
}

inline Dual operator/(Dual a, Dual b) {
  undefined() = undefined() || b.v == 0;
  return {a.v / b.v, a.d / b.v - a.v * b.d / (b.v * b.v)};
}
inline bool operator<(Dual a, Dual b) {
  return a.v < b.v;
}
inline Dual exp(Dual a) {
  return {std::exp(a.v), std::exp(a.v) * a.d};
}
inline Dual log(Dual a) {
  return {std::log(a.v), a.d / a.v};
}
inline Dual sqrt(Dual a) {
  return {std::sqrt(a.v), a.d / (2 * std::sqrt(a.v))};
}
inline Dual abs(Dual a) {
  return a.v < 0 ? Dual(-a.v, -a.d) : a;
}

struct Tree {
  std::string op; // "number", "S", an operator or a function's name
  double number;  // of "number"; the width of "if", 0 for none
  uint32_t underlying;
  std::string dates;
  std::vector<std::unique_ptr<Tree>> parts;
};

using TreePointer = std::unique_ptr<Tree>;

// Grows trees: series of a length, numbers (length 0) and conditions.
class Grower {
public:
  explicit Grower(uint64_t seed) : random_(seed) {}

  TreePointer number(int depth) {
    if (depth <= 0)
      return leaf();
    switch (random_() % 12) {
    case 0:
      return leaf();
    case 1:
    case 2:
      return make(pick({"+", "-", "*", "/"}), number(depth - 1), number(depth - 1));
    case 3:
      return make(pick({"min", "max"}), number(depth - 1), number(depth - 1));
    case 4:
      return unary(number(depth - 1));
    case 5:
      return choice(condition(0, depth - 1), number(depth - 1), number(depth - 1));
    case 6:
      return raise(number(depth - 1));
    default:
      return make(pick({"sum", "mean", "min", "max", "product", "first", "last"}),
                  series(length(), depth - 1));
    }
  }

  TreePointer series(size_t n, int depth) {
    static const struct {
      const char *dates;
      size_t length;
    } lists[] = {{"monthly", 12}, {"early", 10}, {"pair", 2}, {"once", 1}, {"daily", 60}};
    for (const auto &list : lists) {
      if (n == list.length && (depth <= 0 || random_() % 4 == 0))
        return observe(list.dates);
    }
    if (n == 11 || n == 9 || n == 59 || (n == 1 && random_() % 3 == 0 && depth > 0))
      return make(pick({"returns", "logreturns"}), observe(n == 11  ? "monthly"
                                                           : n == 9 ? "early"
                                                           : n == 1 ? "pair"
                                                                    : "daily"));
    switch (random_() % 8) {
    case 0:
    case 1:
      return make(pick({"+", "-", "*", "/"}), series(n, depth - 1), series(n, depth - 1));
    case 2:
      return make(pick({"+", "-", "*", "/"}), number(depth - 1), series(n, depth - 1));
    case 3:
      return make(pick({"+", "-", "*", "/"}), series(n, depth - 1), number(depth - 1));
    case 4:
      return make(pick({"min", "max"}), series(n, depth - 1),
                  random_() % 2 ? number(depth - 1) : series(n, depth - 1));
    case 5:
      return choice(condition(n, depth - 1), series(n, depth - 1), number(depth - 1));
    case 6:
      return raise(series(n, depth - 1));
    default:
      return unary(series(n, depth - 1));
    }
  }

private:
  std::mt19937_64 random_;

  std::string pick(std::initializer_list<const char *> of) { return *(of.begin() + random_() % of.size()); }

  size_t length() {
    static const size_t lengths[] = {12, 12, 11, 10, 9, 2, 1, 60};
    return lengths[random_() % 8];
  }

  static TreePointer make(std::string op, TreePointer a = {}, TreePointer b = {}, TreePointer c = {}) {
    TreePointer tree(new Tree{std::move(op), 0, 0, "", {}});
    for (TreePointer *part : {&a, &b, &c})
      if (*part)
        tree->parts.push_back(std::move(*part));
    return tree;
  }

  TreePointer observe(const char *dates) {
    TreePointer tree = make("S");
    tree->underlying = uint32_t(random_() % 2);
    tree->dates = dates;
    return tree;
  }

  TreePointer literal(double x) {
    TreePointer tree = make("number");
    tree->number = x;
    return tree;
  }

  TreePointer leaf() {
    switch (random_() % 3) {
    case 0:
      return literal(double(random_() % 1000) / 8);
    default:
      return observe(random_() % 2 ? "T" : "t0");
    }
  }

  // Tame where the argument is not: log(1 + |x|) and the like.
  TreePointer unary(TreePointer x) {
    switch (random_() % 5) {
    case 0:
      return make("exp", make("/", make("-", literal(0), make("abs", std::move(x))), literal(128)));
    case 1:
      return make("log", make("+", literal(1), make("abs", std::move(x))));
    case 2:
      return make("sqrt", make("abs", std::move(x)));
    case 3:
      return make("negative", std::move(x));
    default:
      return make("abs", std::move(x));
    }
  }

  TreePointer raise(TreePointer x) {
    static const double powers[] = {2, 3, -1, 1, 0.5, 1.5, -2, 0};
    const double power = powers[random_() % 8];
    if (power < 0 || power != std::rint(power))
      x = make("+", literal(0.5), make("abs", std::move(x)));
    return make("^", std::move(x), literal(power));
  }

  TreePointer choice(TreePointer condition, TreePointer a, TreePointer b) {
    TreePointer tree = make("if", std::move(condition), std::move(a), std::move(b));
    tree->number = random_() % 2 ? 0 : double(random_() % 200 + 1) / 4;
    return tree;
  }

  TreePointer condition(size_t n, int depth) {
    if (depth > 0) {
      switch (random_() % 5) {
      case 0:
        return make(pick({"and", "or"}), condition(n, depth - 1), condition(n, depth - 1));
      case 1:
        return make("not", condition(n, depth - 1));
      case 2:
        if (n == 0)
          return make(pick({"any", "all"}), condition(length(), depth - 1));
        break;
      default:
        break;
      }
    }
    TreePointer a = n ? series(n, depth - 1) : number(depth - 1);
    TreePointer b = n && random_() % 2 ? series(n, depth - 1) : number(depth - 1);
    if (random_() % 2)
      std::swap(a, b);
    return make(pick({"<", "<=", ">", ">="}), std::move(a), std::move(b));
  }
};

inline std::string text_of(const Tree &t) {
  const auto part = [&](size_t i) { return text_of(*t.parts[i]); };
  char number[40];
  std::snprintf(number, sizeof number, "%.17g", t.number);
  if (t.op == "number")
    return t.number < 0 ? "(" + std::string(number) + ")" : number;
  if (t.op == "S")
    return std::string(t.underlying ? "ETH" : "BTC") + "[" + t.dates + "]";
  if (t.op == "negative")
    return "(-" + part(0) + ")";
  if (t.op == "not")
    return "(not " + part(0) + ")";
  if (t.parts.size() == 2 && t.op != "min" && t.op != "max")
    return "(" + part(0) + " " + t.op + " " + part(1) + ")";
  std::string text = t.op + "(" + part(0);
  for (size_t i = 1; i < t.parts.size(); i++)
    text += ", " + part(i);
  return text + (t.op == "if" && t.number > 0 ? std::string(", ") + number : "") + ")";
}

// What the tree is worth; a number is a series of one date. `see(underlying, date)` observes.
template <class T, class See> class Worth {
public:
  explicit Worth(const See &see) : see_(see) {}

  std::vector<T> of(const Tree &t) const {
    if (t.op == "number")
      return {T(t.number)};
    if (t.op == "S") {
      std::vector<T> all;
      for (uint32_t d : two().dates.at(t.dates))
        all.push_back(see_(t.underlying, d));
      return all;
    }
    if (t.op == "if")
      return choose(t);
    const std::vector<T> a = of(*t.parts[0]);
    if (t.parts.size() == 2) {
      const std::vector<T> b = of(*t.parts[1]);
      std::vector<T> all(std::max(a.size(), b.size()));
      for (size_t k = 0; k < all.size(); k++)
        all[k] = two_of(t, a[a.size() > 1 ? k : 0], b[b.size() > 1 ? k : 0]);
      return all;
    }
    if (t.op == "returns" || t.op == "logreturns") {
      std::vector<T> all;
      for (size_t k = 1; k < a.size(); k++)
        all.push_back(t.op == "returns" ? a[k] / a[k - 1] - T(1) : log(a[k] / a[k - 1]));
      return all;
    }
    if (t.op == "exp" || t.op == "log" || t.op == "sqrt" || t.op == "abs" || t.op == "negative")
      return each(t.op, a);
    return {whole(t.op, a)};
  }

private:
  const See &see_;

  static std::vector<T> each(const std::string &op, std::vector<T> a) {
    using std::abs;
    using std::exp;
    using std::log;
    using std::sqrt;
    for (T &x : a)
      x = op == "exp"    ? exp(x)
          : op == "log"  ? log(x)
          : op == "sqrt" ? sqrt(x)
          : op == "abs"  ? abs(x)
                         : T(0) - x;
    return a;
  }

  static T whole(const std::string &op, const std::vector<T> &a) {
    if (op == "first")
      return a.front();
    if (op == "last")
      return a.back();
    T result = a[0];
    for (size_t k = 1; k < a.size(); k++)
      result = op == "product" ? result * a[k]
               : op == "min"   ? (a[k] < result ? a[k] : result)
               : op == "max"   ? (result < a[k] ? a[k] : result)
                               : result + a[k];
    return op == "mean" ? result / T(double(a.size())) : result;
  }

  static T two_of(const Tree &t, T a, T b) {
    if (t.op == "^") {
      const double power = t.parts[1]->number;
      if (power == std::rint(power)) {
        T result(1);
        for (int i = 0; i < std::abs(int(power)); i++)
          result = result * a;
        return power < 0 ? T(1) / result : result;
      }
      return exp(T(power) * log(a));
    }
    switch (t.op[0]) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    default:
      return (t.op == "min") == (a < b) ? a : b;
    }
  }

  // Weights of a condition in [0, 1], with a ramp of the width.
  std::vector<T> weights(const Tree &t, double width) const {
    if (t.op == "not" || t.op == "any" || t.op == "all") {
      std::vector<T> a = weights(*t.parts[0], width);
      if (t.op != "not")
        return {whole(t.op == "any" ? "max" : "min", a)};
      for (T &x : a)
        x = T(1) - x;
      return a;
    }
    const bool joins = t.op == "and" || t.op == "or";
    const std::vector<T> a = joins ? weights(*t.parts[0], width) : of(*t.parts[0]);
    const std::vector<T> b = joins ? weights(*t.parts[1], width) : of(*t.parts[1]);
    std::vector<T> all(std::max(a.size(), b.size()));
    for (size_t k = 0; k < all.size(); k++) {
      const T x = a[a.size() > 1 ? k : 0], y = b[b.size() > 1 ? k : 0];
      const bool below = t.op == "<" || t.op == "<=";
      const T gap = below ? y - x : x - y;
      if (joins)
        all[k] = (t.op == "and") == (x < y) ? x : y;
      else if (width > 0)
        all[k] = clamp(gap / T(width) + T(0.5));
      else
        all[k] = T(T(0) < gap || (t.op.size() == 2 && !(gap < T(0))) ? 1 : 0);
    }
    return all;
  }

  static T clamp(T x) { return x < T(0) ? T(0) : T(1) < x ? T(1) : x; }

  std::vector<T> choose(const Tree &t) const {
    const std::vector<T> w = weights(*t.parts[0], t.number), a = of(*t.parts[1]), b = of(*t.parts[2]);
    std::vector<T> all(std::max(std::max(a.size(), b.size()), w.size()));
    for (size_t k = 0; k < all.size(); k++) {
      const T weight = w[w.size() > 1 ? k : 0], x = a[a.size() > 1 ? k : 0], y = b[b.size() > 1 ? k : 0];
      all[k] = !(weight < T(1)) ? x : !(T(0) < weight) ? y : weight * x + (T(1) - weight) * y;
    }
    return all;
  }
};

} // namespace script_test

#endif
