"""Probabilistic PCA by other routes: EM, scikit-learn, plain PCA, a full W, quadrature."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from pymc.model.transform.conditioning import remove_value_transforms
from scipy import integrate, stats
from scipy.spatial.distance import cdist
from sklearn.decomposition import PCA

from analyses import _spectrum as spectrum
from analyses import probabilistic_pca as analysis
from models import _components as components
from models import probabilistic_pca as topic
from models._exact import NoMaximum
from workflow import fit
from workflow.topic import load, read

FOUND = load("probabilistic_pca")
DATA, SETTINGS = read(FOUND), FOUND.defaults
X = topic.numbers(DATA).to_numpy()
N, MEAN, S = components.moments(X)
PRIOR = components.Beliefs(*(SETTINGS[k] for k in ("m", "s", "tau", "alpha", "beta")))


def random(d, q, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(d, q)), rng.gamma(2.0), rng.normal(size=d), rng.normal(size=(9, d))


# --- likelihood and maximum ---------------------------------------------------------------------


@pytest.mark.parametrize(("d", "q"), [(2, 1), (4, 2), (5, 4)])
def test_moments_are_all_the_likelihood_needs(d, q):
    W, square, mu, x = random(d, q)
    C = W @ W.T + square * np.eye(d)
    by_rows = stats.multivariate_normal(mu, C).logpdf(x).sum()
    found = components.log_likelihood(*components.moments(x), mu, C)
    assert found == pytest.approx(by_rows, rel=1e-12)


@pytest.mark.parametrize("q", [1, 2, 3])
def test_em_rises_at_every_step_and_ends_where_the_closed_form_is(q):
    W, square = components.closed_form(S, q)
    now, heights = (np.random.default_rng(q).normal(size=(4, q)), 1.0), []
    for _ in range(3_000):
        heights.append(spectrum.height(X, *now))
        now = components.em_step(S, *now)
    assert np.diff(heights).min() > -1e-9
    assert heights[-1] == pytest.approx(spectrum.height(X, W, square), abs=1e-8)
    np.testing.assert_allclose(now[0] @ now[0].T, W @ W.T, atol=1e-6)
    assert now[1] == pytest.approx(square, rel=1e-6)


@pytest.mark.parametrize("q", [1, 2, 3])
def test_scikit_learn_is_the_same_but_for_n_over_n_minus_one(q):
    told, (W, square) = PCA(q).fit(X), components.closed_form(S, q)
    ratio = N / (N - 1)
    assert told.noise_variance_ == pytest.approx(ratio * square, rel=1e-12)
    np.testing.assert_allclose(
        told.get_covariance(), ratio * (W @ W.T + square * np.eye(4)), atol=1e-12
    )
    assert told.score(X) * N < spectrum.height(X, W, square)


@pytest.mark.parametrize("q", [1, 2, 3])
def test_the_triangular_w_has_the_same_signal(q):
    W, _ = components.closed_form(S, q)
    order = components.order_of(S, q)
    L = components.corner(W, order)
    back = L[np.argsort(order)]
    np.testing.assert_allclose(back @ back.T, W @ W.T, atol=1e-13)
    assert (np.triu(L, 1)[:q] == 0).all() or np.abs(np.triu(L, 1)[:q]).max() < 1e-14
    assert (np.diag(L) > 0).all()
    again = components.triangular(np.diag(L) ** 2, L[components.places(4, q)], 4)
    np.testing.assert_allclose(again, L, atol=1e-13)


def test_turning_w_changes_nothing():
    W, square = components.closed_form(S, 2)
    a = 0.7
    turned = W @ np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    assert spectrum.height(X, turned, square) == pytest.approx(spectrum.height(X, W, square))
    order = components.order_of(S, 2)
    np.testing.assert_allclose(
        components.corner(turned, order), components.corner(W, order), atol=1e-12
    )


def test_without_noise_scores_are_those_of_pca_and_of_the_pseudoinverse():
    W, square = components.closed_form(S, 2)
    gaps = []
    for part in (1e-2, 1e-4, 1e-6):
        z = spectrum.scores(X, W, part * square)
        gaps.append(np.abs(z - (X - MEAN) @ np.linalg.pinv(W).T).max())
    assert gaps[0] / gaps[1] == pytest.approx(100, rel=0.05)
    assert gaps[1] / gaps[2] == pytest.approx(100, rel=0.05)
    scores = np.abs(PCA(2).fit_transform(X))
    ratio = np.abs((X - MEAN) @ np.linalg.pinv(W).T) / scores
    np.testing.assert_allclose(ratio, ratio[:1].repeat(N, axis=0), rtol=1e-8)


def test_without_noise_scores_are_left_singular_vectors_times_root_n():
    U, s, Vt = np.linalg.svd(X - MEAN, full_matrices=False)
    W = Vt[:2].T * s[:2] / np.sqrt(N)
    gaps = [
        np.abs(spectrum.scores(X, W, square) - np.sqrt(N) * U[:, :2]).max()
        for square in (1e-3, 1e-5, 1e-11)
    ]
    assert gaps[0] / gaps[1] == pytest.approx(100, rel=0.05)
    assert gaps[2] < 1e-9
    table, _ = spectrum.no_noise(X, *components.closed_form(S, 2))
    for name in ("scores less W⁺ (x - mean)", "scores less √n U of the SVD"):
        assert (np.diff(table[name].astype(float)) < 0).all()
        assert float(table[name].iloc[-1]) < 1e-7


def test_kernel_scores_are_eigenvectors_of_the_centred_kernel_times_root_eigenvalues():
    found, width = analysis.kernel_scores(X)
    assert width == pytest.approx(np.sqrt(X.var(axis=0).sum()))
    centre = np.eye(N) - 1 / N
    kernel = centre @ np.exp(-(cdist(X, X) ** 2) / (2 * width**2)) @ centre
    values, vectors = np.linalg.eigh(kernel)
    want = vectors[:, :-3:-1] * np.sqrt(values[:-3:-1])
    np.testing.assert_allclose(found * np.sign((found * want).sum(axis=0)), want, atol=1e-9)


@pytest.mark.parametrize(("n", "d", "q"), [(150, 4, 2), (5, 4, 1), (4, 4, 2), (4, 7, 2), (6, 7, 4)])
def test_what_scikit_learn_prints_is_told_with_both_divisors(n, d, q):
    x = X[:n] if d == 4 else np.random.default_rng(n).normal(size=(n, d))
    _, _, cov = components.moments(x)
    W, square = components.closed_form(cov, q)
    told = analysis._scikit_learn(x, q, square, spectrum.height(x, W, square))
    rest = np.linalg.eigvalsh(np.cov(x.T))[: d - q].sum()
    assert f"prints a noise variance of {rest / (min(n, d) - q):.8f}, " in told
    assert f"{n / (n - 1) * (d - q) / (min(n, d) - q):.4f} times the sigma² above" in told
    assert (f"n - q = {n - q} eigenvalues instead of d - q = {d - q}" in told) == (n < d)


def test_films_are_guessed_as_a_conditional_normal_foretells():
    """By the precision matrix, of scikit-learn's covariance made that of divisor n."""
    x = np.array(spectrum.STARS, float)
    precision = np.linalg.inv(PCA(2).fit(x).get_covariance() * (len(x) - 1) / len(x))
    seen, open_ = [0, 2], [1, 3, 4]
    inside = precision[np.ix_(open_, open_)]
    away = np.array([5.0, 1.0]) - x.mean(axis=0)[seen]
    pull = np.linalg.solve(inside, precision[np.ix_(open_, seen)] @ away)
    table, words = spectrum.films()
    told, sds = table.iloc[open_], np.sqrt(np.linalg.inv(inside).diagonal())
    assert told["expected"].tolist() == [f"{m:.2f}" for m in x.mean(axis=0)[open_] - pull]
    assert told["sd"].tolist() == [f"{sd:.2f}" for sd in sds]
    assert table.iloc[seen]["expected"].tolist() == ["5.00", "1.00"]
    assert "Alien 5 and Amélie 1" in words


def test_rows_that_leave_nothing_over_have_no_maximum():
    line = pd.DataFrame({"a": [1.0, 2, 4], "b": [3.0, 5, 9], "c": [0.0, 1, 3]})
    for data, q in ((line, 1), (line.head(1), 2), (DATA.head(2), 3)):
        with pytest.raises(NoMaximum, match="nothing over"):
            topic.mle(data, q=q)


# --- prior and posterior ------------------------------------------------------------------------


def test_the_prior_of_the_signal_is_that_of_a_full_w():
    """Bartlett: moments of W W' by draws of the triangle and of the square, two columns apart."""
    rng, n, q, d = np.random.default_rng(3), 40_000, 2, 4
    full = rng.normal(0, 1.2, size=(n, d, q))
    squares = rng.chisquare(PRIOR.freedom(q), size=(n, q)) * 1.2**2
    below = rng.normal(0, 1.2, size=(n, components.places(d, q)[0].size))
    triangles = np.array([components.triangular(*z, d) for z in zip(squares, below, strict=True)])
    for f in (lambda G: G, lambda G: G**2, lambda G: np.linalg.inv(G + np.eye(d))):
        one, two = (f(W @ W.transpose(0, 2, 1)) for W in (full, triangles))
        error = np.sqrt((one.var(axis=0) + two.var(axis=0)) / n)
        assert np.abs((one.mean(axis=0) - two.mean(axis=0)) / error).max() < 4.5


@pytest.mark.parametrize("q", [1, 2, 3])
def test_the_joint_density_is_pymcs(q):
    """Written with moments, NumPy and SciPy alone."""
    settings = {**SETTINGS, "q": np.float64(q)}
    ours = remove_value_transforms(topic.model(DATA, **settings)).compile_logp(mode="FAST_COMPILE")
    best, rng = topic.mle(DATA, q=q), np.random.default_rng(q)
    theta = {k: v * rng.uniform(0.8, 1.2, np.shape(v)) for k, v in best.items()}
    mu, W, lam = (theta[name] for name in ("mu", "W", "lam"))
    found = components.log_likelihood(N, MEAN, S, mu, W @ W.T + np.eye(4) / lam)
    found += (
        stats.norm(PRIOR.m, PRIOR.s).logpdf(mu).sum() + stats.norm(0, PRIOR.tau).logpdf(W).sum()
    )
    found += stats.gamma(PRIOR.alpha, scale=1 / PRIOR.beta).logpdf(lam)
    assert found == pytest.approx(float(ours(theta)), rel=1e-11)


@pytest.mark.parametrize("q", [1, 2, 3])
def test_the_density_behind_the_evidence_has_pymcs_likelihood(q):
    """In the triangle's coordinates, with the prior of Bartlett's theorem by SciPy."""
    model = remove_value_transforms(topic.model(DATA, **SETTINGS | {"q": np.float64(q)}))
    likelihood = model.compile_logp(vars=model.observed_RVs, mode="FAST_COMPILE")
    order, rng = components.order_of(S, q), np.random.default_rng(q)
    square, lam = rng.chisquare(2, q), np.float64(3.0)
    below = rng.normal(size=components.places(4, q)[0].size)
    mu = rng.normal(3.5, 2.5, 4)
    W = components.triangular(square, below, 4)[np.argsort(order)]
    logs = np.log(np.r_[square, lam])
    u = np.r_[mu[order], below, logs]
    found = components.log_joint(N, MEAN[order], S[np.ix_(order, order)], q, PRIOR, u)
    expected = float(likelihood({"mu": mu, "W": W, "lam": lam})) + logs.sum()
    expected += stats.norm(PRIOR.m, PRIOR.s).logpdf(mu).sum()
    expected += stats.norm(0, PRIOR.tau).logpdf(below).sum()
    expected += stats.chi2(np.arange(q, 0, -1), scale=PRIOR.tau**2).logpdf(square).sum()
    expected += stats.gamma(PRIOR.alpha, scale=1 / PRIOR.beta).logpdf(lam)
    assert found == pytest.approx(expected, rel=1e-11)


def test_evidence_by_weights_is_that_by_quadrature():
    """One cause in two columns: of five unknowns the means go by algebra, the rest on a grid."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=(12, 1)) @ [[1.0, 0.6]] + 0.5 * rng.normal(size=(12, 2))
    prior = components.Beliefs(0.2, 1.5, 0.9, 2.0, 0.3)
    n, mean, S = components.moments(x)

    r, log_lam = np.linspace(1e-3, 4.5, 61), np.linspace(-3.5, 4.5, 61)
    angle = np.linspace(0, np.pi, 48, endpoint=False)  # W and -W are one
    w = r[:, None, None, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    C = w[..., :, None] * w[..., None, :] + np.exp(-log_lam)[:, None, None, None] * np.eye(2)

    def log_normal(C, square):
        """log density of rows with these squares and products added up, (..., rows)."""
        return -np.linalg.slogdet(2 * np.pi * C)[1] / 2, -np.sum(
            np.linalg.inv(C) * square, (-2, -1)
        ) / 2

    # The scatter about the rows' mean, then their mean, about whose own mean nothing is known.
    (log_det, cost), wide = log_normal(C, n * S), C / n + 1.5**2 * np.eye(2)
    total = (
        (n - 1) * log_det
        + cost
        - np.log(n)
        + sum(log_normal(wide, np.outer(mean - 0.2, mean - 0.2)))
    )
    total = np.exp(total + 30).mean(axis=2)  # over angles
    total *= 2 * np.pi * (r * np.exp(-(r**2) / (2 * 0.9**2)) / (2 * np.pi * 0.9**2))[:, None]
    lam = np.exp(log_lam)
    total *= stats.gamma(2.0, scale=1 / 0.3).pdf(lam) * lam
    total = integrate.simpson(integrate.simpson(total, x=log_lam, axis=1), x=r)
    found, error = components.evidence(x, 1, prior, np.random.default_rng(1), 4_000)
    assert error < 0.05
    assert abs(found - (np.log(total) - 30)) < 5 * error


def test_the_second_sampler_agrees_with_weights_on_the_joint_density():
    """Few rows and a tight prior, where unjust stretching of the hidden axes would show."""
    x, prior, q, d = X[::15], components.Beliefs(3.5, 2.5, 0.4, 2.0, 0.1), 2, 4
    n, mean, small = components.moments(x)
    order = components.order_of(small, q)
    mean, small = mean[order], small[np.ix_(order, order)]
    drawn = list(components.sweeps(x, q, prior, np.random.default_rng(9), 6_000))
    found = np.array([[np.trace(W @ W.T), lam**-0.5] for _, W, lam in drawn])
    u = []
    for mu, W, lam in drawn[::3]:
        L = components.corner(W, order)
        logs = np.log(np.r_[np.diag(L) ** 2, lam])
        u.append(np.r_[mu[order], L[components.places(d, q)], logs])
    wide = stats.multivariate_t(np.mean(u, axis=0), 1.5 * np.cov(np.transpose(u)), df=5, seed=7)
    points = wide.rvs(20_000)
    log_weight = [components.log_joint(n, mean, small, q, prior, p) for p in points]
    weight = np.exp(log_weight - wide.logpdf(points) - np.max(log_weight))
    size = [(components.triangular(np.exp(p[-3:-1]), p[4:-3], d) ** 2).sum() for p in points]
    values = np.column_stack([size, np.exp(points[:, -1]) ** -0.5])
    expected = weight @ values / weight.sum()
    error = np.sqrt(weight**2 @ (values - expected) ** 2) / weight.sum()
    own = found.reshape(60, -1, 2).mean(axis=1).std(axis=0, ddof=1) / np.sqrt(60)
    assert (error < 0.05 * values.std(axis=0)).all()
    assert np.abs((found.mean(axis=0) - expected) / np.hypot(own, error)).max() < 4.5


def test_the_order_of_columns_means_nothing():
    turned = DATA[DATA.columns[::-1]]
    one, two = (
        FOUND.module.gibbs(d, np.random.default_rng(1), 300, 1, **SETTINGS) for d in (DATA, turned)
    )
    assert one["signal"].shape == two["signal"].shape == (1, 300, 4, 4)
    best, other = (topic.mle(d, q=2) for d in (DATA, turned))
    assert best["lam"] == pytest.approx(other["lam"])
    signal, turned = (W @ W.T for W in (best["W"], other["W"]))
    np.testing.assert_allclose(turned, signal[::-1, ::-1], rtol=1e-9)


def test_no_exact_answer_is_claimed():
    with pytest.raises(NotImplementedError, match="conjugate"):
        topic.exact(DATA, **SETTINGS)


def test_one_kind_of_left_over_direction_cannot_be_unlike_itself():
    alone = SimpleNamespace(settings={"q": 3})
    assert analysis.discrepancy(X, alone) == pytest.approx(0, abs=1e-9)
    assert analysis.discrepancy(X, SimpleNamespace(settings={"q": 2})) > 10


def test_labels_and_truth_values_ride_along():
    frame = pd.DataFrame({"name": list("abcd"), "x": [1, 2, 3, 5], "y": [True, False, True, True]})
    rows = read(FOUND, frame)
    assert topic.numbers(rows).columns.tolist() == ["x", "y"]
    assert topic.numbers(rows)["y"].tolist() == [1.0, 0.0, 1.0, 1.0]


def test_suggested_settings_are_taken():
    for data in (DATA, 1e4 * topic.numbers(DATA), topic.numbers(DATA).head(2)):
        settings = {**SETTINGS, **topic.suggest(data)}
        assert components.Beliefs(*(settings[k] for k in ("m", "s", "tau", "alpha", "beta")))


def test_what_may_be_turned_is_set_aside_and_predicts_all_the_same():
    """W is neither judged nor shown, but predictions are made with the W of their own draw."""
    model = topic.model(DATA, **SETTINGS)
    draws = fit.sample(fit.compile_model(model), 1, FOUND.turned)
    assert set(draws.posterior.data_vars) == {"mu", "lam", "sigma", "signal"}
    W, signal = draws.turned["W"].values, draws.posterior["signal"].values
    np.testing.assert_allclose(W @ W.swapaxes(-1, -2), signal, rtol=1e-9, atol=1e-12)
    kept = fit.complete(model, draws, 1)
    assert set(kept.posterior.data_vars) == {"mu", "lam", "sigma", "signal"}
    made = kept.posterior_predictive["x"].values.reshape(-1, *X.shape)
    spread = np.array([np.cov(x.T, bias=True) for x in made])
    away = (spread.mean(axis=0) - S) / spread.std(axis=0)
    assert np.abs(away).max() < 0.5
