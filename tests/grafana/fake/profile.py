"""In what the versions of Grafana differ, each difference a knob."""

from dataclasses import dataclass, replace

K8S_12 = ("v1beta1", "v0alpha1", "v2beta1", "v2alpha1")
K8S_13 = ("v2", "v1", "v1beta1", "v0alpha1", "v2beta1", "v2alpha1")


@dataclass(frozen=True)
class Profile:
    name: str
    version: str | None
    legacy: bool = True
    conflict_status: int = 412
    unique_titles: bool = False
    bumps_identical: bool = False
    missing_folder_status: int = 400
    refuses_short_refresh: bool = False
    minimum_refresh: str = "5s"
    folder_taken_status: int = 412
    versions_as_object: bool = True
    hides_first_message: bool = False
    status_of_v2_read: int = 200
    editor: str = "classic"  # the version in which the browser's editor stores what it saves
    tells_stored_version: bool = True
    unified: bool = False  # storage whose resourceVersions never repeat; else they are the dashboard's version
    shim: bool = False  # the legacy API compares, then writes; an edit between is overwritten
    rewrites: bool = False  # the server migrates and spells out what it is given, also through the legacy API
    dashboard_versions: tuple[str, ...] = ()
    folder_versions: tuple[str, ...] = ()
    history_versions: tuple[str, ...] = ()  # the versions of the k8s API that serve the history
    deletes_with: str = "uid"
    gitops: bool = True
    plugin_412: bool = True
    limits_message: bool = True
    limits_title: bool = True
    typed_title_errors: bool = True
    refuses_managed: bool = False
    nested_folders: bool = True
    says_folder_uid: bool = True
    size_limit: int | None = None
    tag_too_long_status: int = 500  # as on PostgreSQL and MySQL, whose column of tags is that narrow
    id_must_be_known: bool = True

    def but(self, **knobs: object) -> "Profile":
        return replace(self, **knobs)  # type: ignore[arg-type]


G10 = Profile(
    name="g10",
    version="10.4.2",
    unique_titles=True,
    bumps_identical=True,
    folder_taken_status=409,
    versions_as_object=False,
    deletes_with="id",
    limits_message=False,
    limits_title=False,
    says_folder_uid=False,
)
G11 = Profile(
    name="g11",
    version="11.5.0",
    bumps_identical=True,
    folder_taken_status=409,
    versions_as_object=False,
    hides_first_message=True,
)
G12_0 = Profile(
    name="g120",
    version="12.1.0",
    bumps_identical=True,
    status_of_v2_read=406,
    editor="v0alpha1",
    shim=True,
    dashboard_versions=K8S_12,
    folder_versions=("v1beta1",),
    size_limit=8 << 20,
)
G12 = G12_0.but(name="g12", version="12.4.1", status_of_v2_read=200, editor="v1beta1", history_versions=K8S_12)
G13_0 = Profile(
    name="g13.0",
    version="13.0.1",
    editor="v2",
    tells_stored_version=False,
    unified=True,
    shim=True,
    dashboard_versions=K8S_13,
    folder_versions=("v1", "v1beta1"),
    history_versions=("v1", "v2"),
    tag_too_long_status=400,
    size_limit=8 << 20,
)
G13_NEW = Profile(
    name="g13new",
    version="13.1.0-25869089521",
    conflict_status=409,
    missing_folder_status=404,
    refuses_short_refresh=True,
    editor="v2",
    tells_stored_version=False,
    unified=True,
    shim=True,
    dashboard_versions=K8S_13,
    folder_versions=("v1", "v1beta1"),
    history_versions=("v1", "v2"),
    tag_too_long_status=400,
    gitops=False,
    plugin_412=False,
    typed_title_errors=False,
    refuses_managed=True,
    size_limit=8 << 20,
    id_must_be_known=False,
)
PROFILES = {profile.name: profile for profile in (G10, G11, G12_0, G12, G13_0, G13_NEW)}
