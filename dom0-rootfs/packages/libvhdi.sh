# libvhdi: reads vhd images, for import.
source=libvhdi
. "$RECIPES/libyal.inc"
