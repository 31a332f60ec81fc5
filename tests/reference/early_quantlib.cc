// Writes early.csv: Bermudan puts under Heston and Bates by QuantLib's finite differences, each on three
// grids in turn twice as fine; the value is Richardson's of the two finest (second order), its error the
// distance between the two such values.
#include <ql/instruments/vanillaoption.hpp>
#include <ql/pricingengines/vanilla/fdbatesvanillaengine.hpp>
#include <ql/pricingengines/vanilla/fdhestonvanillaengine.hpp>
#include <ql/processes/batesprocess.hpp>
#include <ql/quotes/simplequote.hpp>
#include <ql/settings.hpp>
#include <ql/termstructures/yield/flatforward.hpp>
#include <ql/time/daycounters/actual365fixed.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

using namespace QuantLib;

namespace {

struct Case {
  const char *id, *model;
  double strike, rate, carry;
  int days, dates;
  double v0, kappa, theta, xi, rho, lambda, mu_j, sigma_j;
};

const Case cases[] = {
    {"calm", "heston", 100, 0.06, 0.06, 180, 6, 0.09, 2, 0.09, 0.4, -0.6, 0, 0, 0},
    {"wild", "heston", 110, 0.08, 0.03, 180, 6, 0.25, 3, 0.3, 1.2, -0.4, 0, 0, 0},
    {"few", "heston", 105, 0.08, 0.08, 360, 2, 0.16, 2, 0.2, 0.7, 0.3, 0, 0, 0},
    {"many", "heston", 105, 0.1, 0.05, 96, 24, 0.2, 4, 0.16, 0.9, -0.5, 0, 0, 0},
    {"jumps", "bates", 105, 0.08, 0.06, 180, 6, 0.09, 2, 0.12, 0.5, -0.5, 1.5, -0.1, 0.12},
};

struct Values {
  double price, delta, gamma;
};

Values value(const Case &c, Size t, Size x, Size v) {
  Date today(2, March, 2026);
  Settings::instance().evaluationDate() = today;
  DayCounter day_counter = Actual365Fixed();
  Handle<YieldTermStructure> rate(ext::make_shared<FlatForward>(today, c.rate, day_counter));
  Handle<YieldTermStructure> yield(ext::make_shared<FlatForward>(today, c.rate - c.carry, day_counter));
  Handle<Quote> spot(ext::make_shared<SimpleQuote>(100.0));
  std::vector<Date> dates;
  for (int k = 1; k <= c.dates; k++) {
    dates.push_back(today + c.days / c.dates * k * Days);
  }
  VanillaOption option(ext::make_shared<PlainVanillaPayoff>(Option::Put, c.strike),
                       ext::make_shared<BermudanExercise>(dates));
  if (c.lambda > 0) {
    auto process = ext::make_shared<BatesProcess>(rate, yield, spot, c.v0, c.kappa, c.theta, c.xi, c.rho,
                                                  c.lambda, c.mu_j, c.sigma_j);
    option.setPricingEngine(
        ext::make_shared<FdBatesVanillaEngine>(ext::make_shared<BatesModel>(process), t, x, v, 0));
  } else {
    auto process = ext::make_shared<HestonProcess>(rate, yield, spot, c.v0, c.kappa, c.theta, c.xi, c.rho);
    option.setPricingEngine(
        ext::make_shared<FdHestonVanillaEngine>(ext::make_shared<HestonModel>(process), t, x, v, 0));
  }
  return {option.NPV(), option.delta(), option.gamma()};
}

void print(double coarse, double middle, double fine) {
  double before = middle + (middle - coarse) / 3, last = fine + (fine - middle) / 3;
  std::printf(",%.8f,%.1e", last, std::fabs(last - before));
}

} // namespace

int main() {
  std::printf(
      "id,model,strike,rate,carry,days,dates,v0,kappa,theta,xi,rho,lambda,mu_j,sigma_j,price,price_error,"
      "delta,delta_error,gamma,gamma_error\n");
  for (const Case &c : cases) {
    const bool jumps = c.lambda > 0;
    const Size t = 48, x = jumps ? 80 : 150, v = jumps ? 25 : 40;
    Values a = value(c, t, x, v), b = value(c, 2 * t, 2 * x, 2 * v), d = value(c, 4 * t, 4 * x, 4 * v);
    std::printf("%s,%s,%g,%g,%g,%d,%d,%g,%g,%g,%g,%g,%g,%g,%g", c.id, c.model, c.strike, c.rate, c.carry,
                c.days, c.dates, c.v0, c.kappa, c.theta, c.xi, c.rho, c.lambda, c.mu_j, c.sigma_j);
    print(a.price, b.price, d.price);
    print(a.delta, b.delta, d.delta);
    print(a.gamma, b.gamma, d.gamma);
    std::printf("\n");
    std::fflush(stdout);
  }
  return 0;
}
