#!/usr/bin/env python3
"""Writes series.csv and references.csv beside it: simulated series, and what statsmodels, arch and scipy say of them.

Needs numpy, scipy, statsmodels and arch (measured with 2.4.6, 1.17.1, 0.15.0 and 8.0.0). The series are rounded first, so
that both sides see the same numbers. The likelihood of funding rates is by multivariate normal probabilities over every
run of rates that say an interval alone. Order books are those of ../shared/data/depth, which must be there; what they cost is
read off the piecewise linear sums of their levels.
"""

import csv
import gzip
import os

import numpy as np
import statsmodels.api as sm
from arch import arch_model
from arch.bootstrap import optimal_block_length
from scipy import integrate, stats

HERE = os.path.dirname(os.path.abspath(__file__))
BINANCE = (1e-4, 5e-4, np.inf)
DERIBIT = (0.0, 2.5e-4, 5e-3)


def autoregression(rng, decay, count):
    x = np.empty(count)
    x[0] = rng.normal() / np.sqrt(1 - decay**2)
    for i in range(1, count):
        x[i] = decay * x[i - 1] + rng.normal()
    return x


def garch(rng, omega, alpha, beta, count):
    r, h = np.empty(count), omega / (1 - alpha - beta)
    for i in range(count):
        r[i] = np.sqrt(h) * rng.normal()
        h = omega + alpha * r[i] ** 2 + beta * h
    return r


def regimes(rng, count):
    state, r = 0, np.empty(count)
    for i in range(count):
        r[i] = (0.08 if state == 0 else -0.1) + (0.6 if state == 0 else 2.0) * rng.normal()
        state = state if rng.random() < (0.97 if state == 0 else 0.92) else 1 - state
    return r


def rate(premium, terms):
    interest, band, cap = terms
    return np.clip(premium + np.clip(interest - premium, -band, band), -cap, cap)


def make_series():
    rng = np.random.default_rng(20260301)
    made = {
        "white": np.round(rng.normal(size=500), 5),
        "ar": np.round(autoregression(rng, 0.6, 600), 5),
        "slow": np.round(autoregression(rng, 0.95, 600), 5),
        "garch": np.round(garch(rng, 0.02, 0.08, 0.9, 2000), 5),
        "regime": np.round(regimes(rng, 1000), 5),
        "variance": np.round(np.exp(0.25 * autoregression(rng, 0.93, 800) + 0.3 * rng.normal(size=800)), 5),
    }
    z, noise = rng.normal(size=(2, 120))
    premium = np.empty(120)
    for i in range(120):
        before = premium[i - 1] if i else 2e-4
        premium[i] = 2e-4 + 0.6 * (before - 2e-4) + 7e-4 * (0.5 * z[i] + np.sqrt(0.75) * noise[i])
    made["funding"] = np.round(rate(premium, BINANCE), 8)
    made["spot"] = np.round(0.01 * z, 6)
    return made


def block_lengths(series, out):
    for name in ("white", "ar", "slow"):
        out[f"block {name}"] = max(1.0, optimal_block_length(series[name])["stationary"].iloc[0])


def garch_fit(series, out):
    r = series["garch"]
    weights = 0.94 ** np.arange(75)
    before = float((weights * r[:75] ** 2).sum() / weights.sum())
    fit = arch_model(r, mean="Zero", vol="GARCH", p=1, q=1, rescale=False).fit(
        disp="off", cov_type="robust", backcast=before, tol=1e-12, options={"maxiter": 2000})
    for name, key in (("omega", "omega"), ("alpha", "alpha[1]"), ("beta", "beta[1]")):
        out[f"garch {name}"] = fit.params[key]
        out[f"garch {name} error"] = fit.std_err[key]
    out["garch likelihood"] = fit.loglikelihood
    ahead = fit.forecast(horizon=10, reindex=False).variance.iloc[-1]
    out["garch next"] = ahead.iloc[0]
    out["garch ten"] = ahead.mean()


def har_fit(series, out):
    v = series["variance"]
    for logs in (False, True):
        for horizon in (1, 5):
            rows, y = [], []
            for t in range(30, len(v) - horizon + 1):
                means = [v[t - lag:t].mean() for lag in (1, 7, 30)]
                rows.append([1] + list(np.log(means) if logs else means))
                ahead = v[t:t + horizon].mean()
                y.append(np.log(ahead) if logs else ahead)
            fit = sm.OLS(np.array(y), np.array(rows)).fit(cov_type="HAC", cov_kwds={"maxlags": 8, "use_correction": False})
            name = f"har {'log' if logs else 'level'} {horizon}"
            for k in range(4):
                out[f"{name} {k}"], out[f"{name} {k} error"] = fit.params[k], fit.bse[k]
            out[f"{name} r2"], out[f"{name} residual"] = fit.rsquared, fit.mse_resid
            last = np.array([1] + list((np.log if logs else np.array)([v[-lag:].mean() for lag in (1, 7, 30)])))
            told = float(last @ fit.params)
            out[f"{name} forecast"] = np.exp(told + fit.mse_resid / 2) if logs else told


def regime_fit(series, out):
    model = sm.tsa.MarkovRegression(series["regime"], k_regimes=2, trend="c", switching_variance=True)
    np.random.seed(1)
    fit = model.fit(search_reps=20, maxiter=500, disp=False)
    p = dict(zip(model.param_names, fit.params))
    calm = 0 if p["sigma2[0]"] < p["sigma2[1]"] else 1
    stay = {0: p["p[0->0]"], 1: 1 - p["p[1->0]"]}
    for state, here in ((0, calm), (1, 1 - calm)):
        out[f"regime mean {state}"] = p[f"const[{here}]"]
        out[f"regime variance {state}"] = p[f"sigma2[{here}]"]
        out[f"regime stay {state}"] = stay[here]
    out["regime likelihood"] = fit.llf
    out["regime turbulent"] = fit.filtered_marginal_probabilities[-1, 1 - calm]
    out["regime turbulent 500"] = fit.filtered_marginal_probabilities[500, 1 - calm]


def comparison(series, out):
    difference = series["ar"] ** 2 - series["slow"][: len(series["ar"])] ** 2
    for lags in (0, 6):
        fit = sm.OLS(difference, np.ones(len(difference))).fit(
            cov_type="HAC", cov_kwds={"maxlags": lags, "use_correction": False})
        out[f"comparison {lags}"], out[f"comparison {lags} error"] = fit.params[0], fit.bse[0]
        out[f"comparison {lags} p"] = fit.pvalues[0]


def funding_means(out):
    for name, terms in (("binance", BINANCE), ("deribit", DERIBIT)):
        interest, band, cap = terms
        for mean, deviation in ((2e-4, 5e-4), (-1e-3, 3e-4), (4.8e-3, 2e-3)):
            kinks = [interest - band, interest + band] + ([cap + band, -cap - band] if np.isfinite(cap) else [])
            edges = sorted({mean - 12 * deviation, mean + 12 * deviation, *(k for k in kinks if abs(k - mean) < 12 * deviation)})
            total = sum(integrate.quad(lambda x: rate(x, terms) * stats.norm.pdf(x, mean, deviation), a, b, epsabs=1e-18,
                                       epsrel=1e-12)[0] for a, b in zip(edges, edges[1:]))
            out[f"funding mean {name} {mean:g} {deviation:g}"] = total


def funding_likelihood(rates, z, p):
    """Log likelihood of a Gaussian AR(1) seen through the Binance form; z may be None."""
    mean, decay, deviation, rho = p
    interest, band, _ = BINANCE
    n = len(rates)
    shift = rho * deviation * z if z is not None else np.zeros(n)
    own = deviation * np.sqrt(1 - rho**2) if z is not None else deviation
    flat = np.abs(rates - interest) < 5e-9
    premium = np.where(rates > interest, rates + band, rates - band)
    total, i = 0.0, 0
    centre, spread = mean, deviation / np.sqrt(1 - decay**2)  # of the first
    while i < n:
        j = i
        while j < n and flat[j]:
            j += 1
        # moments of the run i..j-1, and of the exact one at j, given what came before
        size = j - i + (j < n)
        m, cov = np.empty(size), np.empty((size, size))
        for a in range(size):
            m[a] = centre if a == 0 else mean + decay * (m[a - 1] - mean) + shift[i + a]
            cov[a, a] = spread**2 if a == 0 else decay**2 * cov[a - 1, a - 1] + own**2
            for b in range(a):
                cov[a, b] = cov[b, a] = decay * cov[a - 1, b]
        if j < n:
            x = premium[j]
            total += stats.norm.logpdf(x, m[-1], np.sqrt(cov[-1, -1]))
            gain = cov[:-1, -1] / cov[-1, -1]
            m, cov = m[:-1] + gain * (x - m[-1]), cov[:-1, :-1] - np.outer(gain, cov[-1, :-1])
            if j + 1 < n:
                centre, spread = mean + decay * (x - mean) + shift[j + 1], own
        if j > i:
            low, high = np.full(j - i, interest - band), np.full(j - i, interest + band)
            if j - i == 1:
                s = np.sqrt(cov[0, 0])
                probability = stats.norm.cdf((high[0] - m[0]) / s) - stats.norm.cdf((low[0] - m[0]) / s)
            else:
                scale = 1e4
                probability = stats.multivariate_normal(m * scale, cov * scale**2, allow_singular=False, maxpts=4000000,
                                                        abseps=1e-7, releps=1e-7, seed=7).cdf(high * scale, lower_limit=low * scale)
            total += np.log(probability)
        i = j + 1
    return total


def funding_likelihoods(series, out):
    rates, returns = series["funding"], series["spot"]
    z = (returns - returns.mean()) / returns.std()
    for name, p in (("a", (2e-4, 0.6, 7e-4, 0.5)), ("b", (0.0, 0.3, 1e-3, -0.2)), ("c", (3e-4, 0.85, 4e-4, 0.0))):
        out[f"funding likelihood {name}"] = funding_likelihood(rates, None, p)
        out[f"funding likelihood {name} spot"] = funding_likelihood(rates, z, p)


DATA = os.path.join(HERE, "..", "..", "..", "shared", "data")
BOOKS = (("spot_btcusdt", 0), ("usdm_btcusdt", 0), ("usdm_ethusdt", 0), ("cm_btcusd_perp", 100))


def depth(out):
    for name, contract in BOOKS:
        with gzip.open(os.path.join(DATA, "depth", f"{name}_25_levels_5s_20240808.csv.gz"), "rt") as file:
            rows = list(csv.DictReader(file))
        sides, mids, spreads = [], [], []
        for row in rows:
            bid, ask = float(row["bid_px0"]), float(row["ask_px0"])
            mids.append((bid + ask) / 2)
            spreads.append((ask - bid) / 2)
            for side in ("bid", "ask"):
                price = np.array([float(row[f"{side}_px{i}"]) for i in range(25)])
                size = np.array([float(row[f"{side}_qty{i}"]) for i in range(25)])
                size = size * contract / price if contract else size
                sides.append((np.cumsum(size), np.cumsum(size * abs(price - mids[-1])), spreads[-1]))
        shown = np.median([s[0][-1] for s in sides])
        sizes = np.geomspace(shown / 200, 0.8 * shown, 24)
        excess = np.array([np.interp(sizes, np.insert(q, 0, 0), np.insert(c, 0, 0), right=np.nan) / sizes - h for q, c, h in sides])
        used = np.cumprod(np.isfinite(excess).mean(axis=0) >= 0.5).astype(bool)
        excess, sizes = excess[:, used], sizes[used]
        design = np.broadcast_to(np.sqrt(sizes), excess.shape)
        known = np.isfinite(excess)
        out[f"depth {name} mid"] = np.mean(mids)
        out[f"depth {name} half_spread"] = np.mean(spreads)
        out[f"depth {name} impact"] = np.linalg.lstsq(design[known][:, None], excess[known], rcond=None)[0][0]
        mean = np.nanmean(excess, axis=0)
        out[f"depth {name} exponent"] = 1 + np.polyfit(np.log(sizes[mean > 0]), np.log(mean[mean > 0]), 1)[0]
        out[f"depth {name} sizes"] = len(sizes)


def main():
    series, out = make_series(), {}
    block_lengths(series, out)
    garch_fit(series, out)
    har_fit(series, out)
    regime_fit(series, out)
    comparison(series, out)
    funding_means(out)
    funding_likelihoods(series, out)
    depth(out)
    longest = max(len(x) for x in series.values())
    with open(os.path.join(HERE, "series.csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(series)
        for i in range(longest):
            writer.writerow([format(x[i], ".10g") if i < len(x) else "" for x in series.values()])
    with open(os.path.join(HERE, "references.csv"), "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "value"])
        writer.writerows([name, format(value, ".12g")] for name, value in out.items())


if __name__ == "__main__":
    main()
