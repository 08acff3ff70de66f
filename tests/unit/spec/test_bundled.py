import pytest

from mlgitops.spec import bundled


@pytest.mark.parametrize(
    ("name", "pattern"),
    [("schemas", "*.json"), ("policies", "*.yaml"), ("examples", "*/mlgitops.yaml")],
)
def test_every_folder_is_found_with_what_belongs_in_it(name, pattern):
    assert list(bundled.folder(name).glob(pattern))


def test_a_wheels_own_copy_comes_before_a_neighbour_of_the_package(tmp_path, monkeypatch):
    package = tmp_path / "mlgitops"
    (package / "bundled" / "schemas").mkdir(parents=True)
    (tmp_path / "policies").mkdir()
    monkeypatch.setattr(bundled, "_PACKAGE", package)

    assert bundled.folder("schemas") == package / "bundled" / "schemas"
    assert bundled.folder("policies") == tmp_path / "policies"
