"""Payoff scripts that pay what a built-in trade pays."""


def asian(t):
    s = "S[T] - mean(S[fix])" if t.get("floating") else "mean(S[fix]) - K"
    if t["call_put"] == "put":
        s = "mean(S[fix]) - S[T]" if t.get("floating") else "K - mean(S[fix])"
    return "max(%s, 0)" % s


def lookback(t):
    call = t["call_put"] == "call"
    if t.get("floating"):
        return "S[T] - min(S[fix])" if call else "max(S[fix]) - S[T]"
    return "max(max(S[fix]) - K, 0)" if call else "max(K - min(S[fix]), 0)"


def cliquet(t):
    returns = "returns(S[fix])" + (" + shift" if "moneyness" in t else "")
    text = "sum(min(max(%s, low), high))" % returns
    if "global_floor" in t:
        text = "max(%s, least)" % text
    return "min(%s, most)" % text if "global_cap" in t else text


def swap(t):
    variance = "annual * mean(logreturns(S[fix])^2)"
    if t["type"] == "variance_swap":
        return ("min(%s, cap^2)" % variance if "cap" in t else variance) + " - K^2"
    return ("min(sqrt(%s), cap)" % variance if "cap" in t else "sqrt(%s)" % variance) + " - K"


def option(t):
    return "max(S[T] - K, 0)" if t["call_put"] == "call" else "max(K - S[T], 0)"


def barrier(t):
    inside = " and ".join(["S[fix] > lower"] * ("lower" in t) + ["S[fix] < upper"] * ("upper" in t))
    out, rebate = option(t), "rebate" if "rebate" in t else "0"
    if t["knock"] == "out":
        return "if(all(%s), %s, %s)" % (inside, out, rebate)
    return "if(all(%s), %s, %s)" % (inside, rebate, out)


def digital(t):
    return "if(S[T] %s K, %s, 0)" % (
        ">" if t["call_put"] == "call" else "<",
        "S[T]" if t.get("pays") == "asset" else "amount",
    )


def start(t):
    return "max(S[T] - k * S[start], 0)" if t["call_put"] == "call" else "max(k * S[start] - S[T], 0)"


FORMULAS = {
    "asian": asian,
    "lookback": lookback,
    "cliquet": cliquet,
    "variance_swap": swap,
    "volatility_swap": swap,
    "barrier": barrier,
    "digital": digital,
    "forward_start": start,
    "european": option,
}

# Names of constants in the formulas, by the keys that they come from.
CONSTANTS = {
    "strike": "K",
    "local_floor": "low",
    "local_cap": "high",
    "global_floor": "least",
    "global_cap": "most",
    "annualisation": "annual",
    "cap": "cap",
    "lower": "lower",
    "upper": "upper",
    "rebate": "rebate",
    "amount": "amount",
    "moneyness": "k",
}


def script_of(trade, expiry):
    text = FORMULAS[trade["type"]](trade)
    script = {"type": "script", "payoff": text, "expiry": expiry}
    constants = {CONSTANTS[key]: trade[key] for key in trade if key in CONSTANTS}
    if trade["type"] == "cliquet" and "k" in constants:
        constants["shift"] = round(1 - constants.pop("k"), 6)
    if trade["type"] == "digital" and trade.get("pays") == "asset":
        constants.pop("amount", None)
    if constants:
        script["constants"] = constants
    if "fixings" in trade:
        script["schedules"] = {"fix": trade["fixings"]}
    if "start" in trade:
        script["schedules"] = {"start": trade["start"]}
    for key in ("past", "settlement"):
        if key in trade:
            script[key] = trade[key]
    return script
