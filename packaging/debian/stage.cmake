# Run by CPack on the tree that becomes the package: adds what only Debian wants.
set(here ${CMAKE_CURRENT_LIST_DIR})
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(doc ${root}/usr/share/doc/${CPACK_PACKAGE_NAME})

function(compress)
	execute_process(COMMAND gzip -9nf ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
	# of the umask of whoever packs
	list(TRANSFORM ARGN APPEND .gz)
	file(CHMOD ${ARGN} PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endfunction()

file(GLOB_RECURSE manuals ${root}/usr/share/man/*.[1-8])
compress(${manuals})
set(VERSION ${CPACK_PACKAGE_VERSION})
configure_file(${here}/changelog ${doc}/changelog @ONLY)
configure_file(${CPACK_XLB_SOURCE_DIR}/CHANGELOG.md ${doc}/CHANGELOG.md COPYONLY)
compress(${doc}/changelog ${doc}/CHANGELOG.md)
configure_file(${here}/copyright ${doc}/copyright COPYONLY)
configure_file(${here}/xlb.default ${root}/etc/default/xlb COPYONLY)
configure_file(${here}/xlb.logrotate ${root}/etc/logrotate.d/xlb COPYONLY)
file(MAKE_DIRECTORY ${root}/etc/xlb)
execute_process(COMMAND strip --remove-section=.comment ${root}/usr/sbin/xlbd ${root}/usr/bin/xlbctl
	COMMAND_ERROR_IS_FATAL ANY)
