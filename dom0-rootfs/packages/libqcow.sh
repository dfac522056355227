# libqcow: reads qcow2 images, for import.
source=libqcow
. "$RECIPES/libyal.inc"
