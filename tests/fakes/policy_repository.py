"""A repository with a policy of its own and a test of it, as texts by path."""

from __future__ import annotations

from mlgitops.spec.documents import Documents
from mlgitops.spec.load import load_documents, read_builtin

PROJECT = "apiVersion: mlgitops.dev/v1\nkind: Project\nmetadata: {name: shop}\n"
POLICY = """\
apiVersion: mlgitops.dev/v1
kind: Policy
metadata: {name: calibrated}
spec:
  params:
    max: {type: number, default: 0.05}
  when: calibration != null
  rules:
    - id: ece
      pass: calibration.ece.high <= params.max
      fail: calibration.ece.low > params.max
      message: "the calibration error is {calibration.ece.value:.3f}; at most {params.max:.3f} is asked"
      remediation: Calibrate the estimator, or evaluate on more rows.
"""
TEST = """\
apiVersion: mlgitops.dev/v1
kind: PolicyTest
metadata: {name: calibrated}
spec:
  policy: calibrated
  cases:
    - name: calibrated
      expect: {verdict: pass, message: "error is 0.008; at most 0.050"}
    - name: on the threshold
      with: {max: 0.0129}
      expect: pass
    - name: a little below the upper end
      with: {max: 0.0115}
      expect: {verdict: inconclusive, rules: [ece]}
    - name: at the lower end
      with: {max: 0.0051}
      expect: {verdict: inconclusive, rules: [ece]}
    - name: a little below the lower end
      with: {max: 0.005}
      expect: {verdict: fail, rules: [ece]}
    - name: not measured
      remove: [calibration.ece]
      expect: {verdict: error, rules: [ece]}
    - name: a regression
      set: {calibration: null}
      expect: not-applicable
"""
FILES = {
    "mlgitops.yaml": PROJECT,
    "mlops/policies/calibrated.yaml": POLICY,
    "mlops/policy-tests/calibrated.yaml": TEST,
}


def changed(
    old: str = "", new: str = "", *, file: str = "mlops/policy-tests/calibrated.yaml"
) -> dict[str, str]:
    """The files, with *new* for *old*, which is there once, in one of them."""
    files = dict(FILES)
    if old:
        assert files[file].count(old) == 1, old
        files[file] = files[file].replace(old, new)
    return files


def documents(files: dict[str, str]) -> Documents:
    """*files*, decoded beside the policy pack."""
    return load_documents(files, read_builtin())
