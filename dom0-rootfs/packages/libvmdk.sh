# libvmdk: reads vmdk images, for import.
source=libvmdk
. "$RECIPES/libyal.inc"
