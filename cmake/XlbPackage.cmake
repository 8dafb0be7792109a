# cmake --build --preset release --target package: build/release/xlb_VERSION_ARCH.deb
#
# What only Debian wants (a changelog, compressed manuals, /etc/default) is added to what is
# installed anyway by packaging/debian/stage.cmake.
set(debian ${PROJECT_SOURCE_DIR}/packaging/debian)
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_NAME xlb)
set(CPACK_PACKAGE_CONTACT "The xlb authors <maintainers@users.noreply.r-seed-6b29bc92.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "load balancer by XDP and TC in relayd.conf's language")
set(CPACK_PACKAGE_DESCRIPTION_FILE ${debian}/description)
set(CPACK_STRIP_FILES ON)
set(CPACK_PRE_BUILD_SCRIPTS ${debian}/stage.cmake)
set(CPACK_XLB_SOURCE_DIR ${PROJECT_SOURCE_DIR})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# systemd-sysusers and systemd-tmpfiles, for the user and for bpffs
set(CPACK_DEBIAN_PACKAGE_DEPENDS systemd)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS bpftool)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
	${debian}/conffiles ${debian}/postinst ${debian}/prerm ${debian}/postrm)
include(CPack)
