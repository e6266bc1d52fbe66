/* The least that needs the library and says which one it has. */
#include <trustdir.h>

#include <stdio.h>

int main(void)
{
    trustdir_key *key;
    if (trustdir_version_number() != TRUSTDIR_VERSION_NUMBER ||
        trustdir_key_generate(TRUSTDIR_KEY_TYPE_P256, &key, NULL) != TRUSTDIR_STATUS_OK)
        return 1;
    printf("%s %s\n", trustdir_version(), trustdir_key_algorithm(key));
    trustdir_key_free(key);
    return 0;
}
