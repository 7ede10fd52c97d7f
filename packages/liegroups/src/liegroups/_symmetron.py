"""What liegroups offers to symmetron."""

import pluggy

hookimpl = pluggy.HookimplMarker("symmetron")


@hookimpl
def symmetron_register(registrar):
    """Register the groups."""
    group = registrar.group
    group("so", "liegroups:SO", summary="Rotations of R^n", tags=("continuous", "compact"))
    group("o", "liegroups:O", summary="Rotations and reflections of R^n", tags=("continuous", "compact"))
    group("se", "liegroups:SE", summary="Rigid motions of R^n", tags=("continuous", "affine"))
    group("e", "liegroups:E", summary="Rigid motions and reflections of R^n", tags=("continuous", "affine"))
    group("cyclic", "liegroups:Cyclic", summary="Rotations of the plane by 2 pi/n", tags=("finite", "compact"))
    group("dihedral", "liegroups:Dihedral", summary="Symmetries of a regular n-gon", tags=("finite", "compact"))
    group("symmetric", "liegroups:Symmetric", summary="Permutations of n things", tags=("finite", "compact"))
