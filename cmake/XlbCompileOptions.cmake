# The warnings, hardening and sanitizer flags of every user-space target.
add_library(xlb_options INTERFACE)
# uthash would end the process where it gets no memory: so, what was not added has no hh.tbl then.
target_compile_definitions(xlb_options INTERFACE _GNU_SOURCE XLB_VERSION="${PROJECT_VERSION}"
	HASH_NONFATAL_OOM=1)
target_include_directories(xlb_options INTERFACE
	${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/loader)
target_compile_options(xlb_options INTERFACE
	-Wall -Wextra
	# designated initializers leave out what is 0, and only clang minds
	$<$<C_COMPILER_ID:Clang>:-Wno-missing-field-initializers>
	-Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
	-Wwrite-strings -Wno-unused-parameter
	-fstack-protector-strong -fstack-clash-protection -fPIE)
target_link_options(xlb_options INTERFACE -pie -Wl,-z,relro,-z,now)
if(XLB_WERROR)
	target_compile_options(xlb_options INTERFACE -Werror)
endif()
if(XLB_SANITIZE)
	target_compile_options(xlb_options INTERFACE
		-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
	target_link_options(xlb_options INTERFACE -fsanitize=address,undefined)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
	target_compile_definitions(xlb_options INTERFACE _FORTIFY_SOURCE=2)
endif()
if(XLB_COVERAGE)
	target_compile_options(xlb_options INTERFACE --coverage)
	target_link_options(xlb_options INTERFACE --coverage)
endif()
